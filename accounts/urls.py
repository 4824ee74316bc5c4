"""Routes of login, account and address book."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from accounts import views

router = SimpleRouter(trailing_slash=False)
router.register("addresses", views.AddressViewSet, basename="address")

urlpatterns = [
    path("auth/login", views.LoginView.as_view()),
    path("auth/staff/login", views.StaffLoginView.as_view()),
    path("auth/refresh", views.RefreshView.as_view()),
    path("auth/logout", views.LogoutView.as_view()),
    path("auth/phone", views.PhoneView.as_view()),
    path("auth/avatar", views.AvatarView.as_view()),
    path("uploads", views.UploadView.as_view()),
    *router.urls,
]
